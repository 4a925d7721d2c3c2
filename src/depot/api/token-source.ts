/** Gives the token of a call, however it is found; asked anew for each. */
export type TokenSource = (signal: AbortSignal) => string | Promise<string>
