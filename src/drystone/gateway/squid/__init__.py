"""Squid's doors: external ACL helper, SquidGuard-compatible rewriter, configuration."""
