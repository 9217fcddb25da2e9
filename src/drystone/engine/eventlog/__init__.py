"""The event, the segment, the collector, the lake and its queries."""
