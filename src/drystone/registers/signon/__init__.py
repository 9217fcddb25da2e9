"""Who is it? (P62): proxy passwords, devices with an address of their own, sign-ons told by RADIUS or a directory."""
