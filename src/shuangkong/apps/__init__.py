"""Django apps, one per capability; an app imports only apps below it."""
