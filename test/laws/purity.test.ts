import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { filesBelow, read } from './sources.ts'

/**
 * What the language itself brings along of time, chance and the surroundings. Everything else (timers, process, Buffer,
 * console) is no name at all in the pure rooms: tsconfig.core.json has no ambient types, and `npm run check` says so.
 */
const AMBIENT = new Set(['Date', 'globalThis', 'eval', 'Function'])

/** Where a source names one of them as a value of the surroundings, not as a property, a type or a name of its own. */
function ambientNames(source: string): string[] {
  const tree = ts.createSourceFile('source.ts', source, ts.ScriptTarget.ES2023, true)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && node.getText(tree) === 'Math.random') found.push('Math.random')
    if (ts.isIdentifier(node) && AMBIENT.has(node.text) && isFree(node)) found.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}

function isFree(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent))
    return parent.initializer === node
  const named =
    ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isPropertyDeclaration(parent)
  if (named || ts.isMethodDeclaration(parent) || ts.isMethodSignature(parent)) return parent.name !== node
  return true
}

describe('the pure rooms', () => {
  it('take time, chance and the world from their ports', () => {
    const files = filesBelow(['main/overlay', 'main/chat'], ['.ts'])
    const broken = files.flatMap((file) => ambientNames(read(file)).map((name) => `${file} uses ${name}`))
    expect(broken).toEqual([])
  })

  it('compile without ambient types', () => {
    const { compilerOptions, include } = JSON.parse(read('tsconfig.core.json')) as {
      compilerOptions: { lib: string[]; types: string[] }
      include: string[]
    }
    expect(compilerOptions).toEqual({ lib: ['ES2023'], types: [] })
    expect(include).toEqual(expect.arrayContaining(['main/overlay', 'main/chat']))
  })

  it.each([
    ['const a = Date.now()', ['Date']],
    ['const a = new Date(0)', ['Date']],
    ['const a = Math.random()', ['Math.random']],
    ['const a = globalThis["Date"]', ['globalThis']],
    ['const a = Math.floor(1)', []],
    ['new Function("return 1")', ['Function']],
    ['const a = message.Date', []],
    ['const a = { Date: 1 }', []],
    ['// Date.now() in a comment', []],
  ])('would notice in %j: %j', (source, names) => {
    expect(ambientNames(source)).toEqual(names)
  })
})
