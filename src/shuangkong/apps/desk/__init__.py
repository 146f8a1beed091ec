"""What every desk needs: jobs, files, import, export, inbox, deadlines."""
