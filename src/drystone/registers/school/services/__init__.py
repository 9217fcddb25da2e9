"""Every write of the school register, a file a subject. Verbs, keyword-only, audited."""
