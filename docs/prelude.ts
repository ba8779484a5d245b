/**
 * What fragments in the documents may take for granted. A TypeScript block whose first line is `// given: app, server`
 * is compiled with these names in scope; every other block must stand on its own.
 */
export {}
