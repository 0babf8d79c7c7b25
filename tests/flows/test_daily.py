from daylists import records
from line import DAY, Line

def test_smoke(line: Line, capsys):
    line.day(DAY, records(5))
    ended = line.run()
    print(ended)
    assert ended.code == 0
    r = line.release()
    assert r["translation_status"].to_list() == ["ok"] * 5

def test_smoke2(line: Line, capsys):
    line.day(DAY, records(5))
    ended = line.run()
    assert ended.code == 0
    ended = line.run()
    assert ended.code == 0

def test_smoke3(line: Line, capsys):
    line.day(DAY, records(30))
    p = line.command("run", "--date", DAY, "--refresh-days", "0")
    print(p)
    assert p.returncode == 0
