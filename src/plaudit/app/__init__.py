"""The whole flow put together: the pipeline on one screen, and the command line over it."""
