// A command line that isn't understood.

export class UsageError extends Error {}
