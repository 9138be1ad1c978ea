"""Owns invitations once dispatched: channels, replies, appointments, deadlines, outcomes."""
