"""What everything stands on: settings, storage, queues, errors, logs, time."""
