"""Filter rules, publishing of bundles, self-tests of the filter."""
