// The part in use of `@std/http/negotiation.js`, which ships without types.

/** The type that the request's `Accept` likes best; the first when it has no preference, undefined when it takes none. */
export declare function accepts(request: Request, ...types: string[]): string | undefined;
