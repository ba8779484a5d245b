import { posix } from 'node:path'
import { SyntaxKind, type Node, type SourceFile } from 'typescript/unstable/ast'
import {
  isClassDeclaration,
  isClassExpression,
  isExportAssignment,
  isExportDeclaration,
  isNamedExports,
  isStringLiteral,
  isVariableStatement,
} from 'typescript/unstable/ast/is'
import { createVirtualFileSystem } from 'typescript/unstable/fs'
import { API } from 'typescript/unstable/sync'
import type { Files } from './repository.ts'

/** Facts about a TypeScript file that the checks use. */
export interface Source {
  readonly path: string
  readonly lines: number
  /** Imported files: static, type-only, dynamic, `import('…').Type` and re-exports. Relative paths are resolved. */
  readonly imports: readonly string[]
  /** `export { name } from './file.ts'`. */
  readonly reexports: readonly { readonly name: string; readonly from: string }[]
  /** Names declared and exported here without a doc comment. */
  readonly undocumented: readonly string[]
  /** Banned constructs: `any`, `enum Color`, `namespace Words`, `class Store`, `export default`, `export *`. */
  readonly banned: readonly string[]
}

const CONFIG = {
  compilerOptions: { noLib: true, noResolve: true, types: [], module: 'nodenext', noEmit: true },
  include: ['**/*.ts'],
}

const disk = createVirtualFileSystem({})
const parser = new API({ cwd: '/', fs: disk })
let projects = 0

/** Parses TypeScript files with the compiler. Throws if one has a syntax error. */
export function readSources(files: Files): readonly Source[] {
  projects += 1
  const root = `/project-${projects}`
  for (const [path, text] of Object.entries(files)) disk.writeFile?.(`${root}/${path}`, text)
  disk.writeFile?.(`${root}/tsconfig.json`, JSON.stringify(CONFIG))
  const snapshot = parser.updateSnapshot({ openProjects: [`${root}/tsconfig.json`] })
  const program = snapshot.getProject(`${root}/tsconfig.json`)?.program
  const problem = program?.getSyntacticDiagnostics()[0]
  if (problem) throw new Error(`${problem.fileName} does not parse: ${problem.text}`)
  return Object.keys(files).map((path) => {
    const source = program?.getSourceFile(`${root}/${path}`)
    if (!source) throw new Error(`${path} was not read`)
    return factsOf(path, source)
  })
}

const factsOf = (path: string, source: SourceFile): Source => ({
  path,
  lines: source.text.trimEnd().split('\n').length,
  imports: [...new Set(source.imports.filter(isStringLiteral).map(({ text }) => resolve(path, text)))],
  reexports: source.statements.flatMap((statement) => reexportsIn(path, statement)),
  undocumented: undocumentedIn(source),
  banned: bannedIn(source),
})

const resolve = (from: string, specifier: string): string =>
  specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : specifier

function reexportsIn(path: string, statement: Node): Source['reexports'] {
  if (!isExportDeclaration(statement)) return []
  const { exportClause: clause, moduleSpecifier: specifier } = statement
  if (!specifier || !isStringLiteral(specifier) || !clause || !isNamedExports(clause)) return []
  const from = resolve(path, specifier.text)
  return clause.elements.map(({ name, propertyName }) => ({ name: (propertyName ?? name).text, from }))
}

/** Re-exports are documented where they are declared. Overloads need one comment. */
function undocumentedIn(source: SourceFile): readonly string[] {
  const listed = new Set(source.statements.flatMap(localExports))
  const documented = new Set<string>()
  const exported = new Set<string>()
  for (const statement of source.statements) {
    for (const name of declaredNames(statement)) {
      if (hasDocComment(statement)) documented.add(name)
      if (hasKeyword(statement, SyntaxKind.ExportKeyword) || listed.has(name)) exported.add(name)
    }
  }
  return [...exported].filter((name) => !documented.has(name))
}

/** `export { a, b }` without `from`. Returns the local names. */
function localExports(statement: Node): readonly string[] {
  if (!isExportDeclaration(statement) || statement.moduleSpecifier) return []
  const clause = statement.exportClause
  if (!clause || !isNamedExports(clause)) return []
  return clause.elements.map(({ name, propertyName }) => (propertyName ?? name).text)
}

function declaredNames(statement: Node): readonly string[] {
  if (isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText())
  }
  return [nameOf(statement)].filter((name) => name !== '')
}

const nameOf = (node: Node): string =>
  'name' in node && node.name ? (node.name as Node).getText().replaceAll(/['"]/g, '') : ''

const hasDocComment = (statement: Node): boolean => (statement.jsDoc?.length ?? 0) > 0

const hasKeyword = (node: Node, kind: SyntaxKind): boolean =>
  'modifiers' in node &&
  ((node.modifiers as readonly Node[] | undefined) ?? []).some((modifier) => modifier.kind === kind)

function bannedIn(source: SourceFile): readonly string[] {
  const found: string[] = []
  const visit = (node: Node): void => {
    const name = bannedName(node)
    if (name) found.push(name)
    // The shape of another module's types is not up to us.
    if (!isAugmentation(node)) node.forEachChild(visit)
  }
  visit(source)
  return found
}

function bannedName(node: Node): string | undefined {
  if (node.kind === SyntaxKind.AnyKeyword) return 'any'
  if (node.kind === SyntaxKind.EnumDeclaration) return `enum ${nameOf(node)}`
  if (node.kind === SyntaxKind.ModuleDeclaration && !isAugmentation(node)) return `namespace ${nameOf(node)}`
  if (isExportAssignment(node) || isDefaultExport(node)) return 'export default'
  if (isExportDeclaration(node) && !node.exportClause) return 'export *'
  if ((isClassDeclaration(node) || isClassExpression(node)) && !extendsError(node))
    return `class ${nameOf(node)}`
  return undefined
}

const isDefaultExport = (node: Node): boolean =>
  hasKeyword(node, SyntaxKind.DefaultKeyword) ||
  (node.kind === SyntaxKind.ExportSpecifier && nameOf(node) === 'default')

/** `declare global` and `declare module 'express'`, the only way to add fields to a framework's types. */
const isAugmentation = (node: Node): boolean =>
  node.kind === SyntaxKind.ModuleDeclaration && /^declare\s+(global|module\s+['"])/.test(node.getText())

/** By naming convention: a base class ending in `Error`. */
const extendsError = (node: Node): boolean => /^[^{]*\bextends\s+\w*Error\b/.test(node.getText())
