"""What every register needs: school, terms, people, roles, zones, permissions, audit."""
