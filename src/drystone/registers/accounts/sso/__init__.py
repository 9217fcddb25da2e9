"""Sign-in at a provider outside (Microsoft, Google, any OpenID Connect), by allauth and the file `sign-in.yaml`."""
