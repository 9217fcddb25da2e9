"""Where allauth looks for providers."""

from drystone.registers.accounts.sso.provider import SchoolSignIn

provider_classes = [SchoolSignIn]
