/*
 * What fragments in the documents may take for granted. A TypeScript block whose first line is `// given: userId` is
 * compiled with that name in scope; every other block must stand on its own.
 */

/** The id of a person, as your own database has it. */
export declare const userId: string
