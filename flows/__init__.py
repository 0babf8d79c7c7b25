"""flows/ touches the world: services, the lake, Prefect and the command line."""
