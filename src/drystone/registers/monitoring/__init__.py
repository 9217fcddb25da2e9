"""The Traffic page and its charts, over the lake."""
