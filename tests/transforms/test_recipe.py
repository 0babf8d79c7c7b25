"""A recipe's short hash: part of the key of every translation."""

import pytest

from transforms.recipe import Recipe, recipe_for


def test_what_plays_no_part_is_left_out_of_the_recipe() -> None:
    plain = recipe_for("gpt-test", "abstract", 16_000, {}, None)
    assert plain == recipe_for("gpt-test", "abstract", 99, {}, None) == Recipe("gpt-test")
    assert (plain.full_text_tokens, plain.judge_version) == (None, None)


@pytest.mark.parametrize(
    "other",
    [
        recipe_for("gpt-other", "abstract", 0, {}, None),
        recipe_for("gpt-test", "fulltext", 8_000, {}, None),
        recipe_for("gpt-test", "abstract", 0, {"temperature": 0.2}, None),
        recipe_for("gpt-test", "abstract", 0, {}, "gpt-judge"),
        Recipe("gpt-test", prompt_version="another"),
        Recipe("gpt-test", glossary_version="another"),
    ],
)
def test_everything_that_makes_an_answer_differ_makes_another_recipe(other: Recipe) -> None:
    assert other.recipe_id != Recipe("gpt-test").recipe_id


def test_the_order_in_which_parameters_are_given_does_not_matter() -> None:
    given = {"temperature": 0.2, "reasoning_effort": "low"}
    turned = dict(reversed(given.items()))
    assert recipe_for("m", "abstract", 0, given, None) == recipe_for("m", "abstract", 0, turned, None)


def test_the_hash_of_a_recipe_never_changes_by_itself() -> None:
    # Spelt out: another id would leave every kept answer unfound, and pay for it again.
    recipe = Recipe("m", prompt_version="p", glossary_version="g")
    assert recipe.recipe_id == "7ba503fc2df4"
