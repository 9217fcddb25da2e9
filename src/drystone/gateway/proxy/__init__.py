"""Our own forward proxy: HTTP and CONNECT for one box. Parse, ask the engine, write the event, answer."""
