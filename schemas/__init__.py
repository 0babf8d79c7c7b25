"""schemas/ promises: what the services send, what the model must answer, what the tables hold."""
