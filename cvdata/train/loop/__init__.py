"""The loop: Lightning, schedules, moving averages, checkpoints."""
