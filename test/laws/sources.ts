// The source files and what they import, as the laws read them.

import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'

export const ROOT = path.join(import.meta.dirname, '..', '..')

/** Files of the given kinds below the folders, relative to the project, with '/'. */
export function filesBelow(folders: readonly string[], extensions: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && extensions.includes(path.extname(entry.name)))
      .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
      .filter((file) => !file.includes('/node_modules/')) // bench/ has packages of its own
      .sort(),
  )
}

export function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8')
}

/** What a source names after `from`, `import` and `import()`; of a Svelte file, of its scripts. */
export function importsIn(source: string): string[] {
  return ts.preProcessFile(scriptOf(source), true, true).importedFiles.map(({ fileName }) => fileName)
}

/** An import as a file of this project, or as the name of a package. */
export function resolveImport(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier
  return path.posix.join(path.posix.dirname(from), specifier)
}

export function importsOf(file: string): string[] {
  return importsIn(read(file)).map((specifier) => resolveImport(file, specifier))
}

function scriptOf(source: string): string {
  const scripts = [...source.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1])
  return scripts.length > 0 ? scripts.join('\n') : source
}
