"""Pages that belong to no register: home, help, own account, errors."""
