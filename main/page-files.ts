// The built page as files: a path as a browser asks for it, to bytes and their type. A name is made of plain segments,
// so no path leads out of the folder.

import { readFile } from 'node:fs/promises'
import path from 'node:path'

export interface PageFile {
  bytes: Buffer<ArrayBuffer>
  type: string
  /** The build puts a hash of the content into these names, so a browser may keep them for good. */
  isImmutable: boolean
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
}

/** Segments of letters, digits, '_' and '-', with single dots only inside the last one. */
const PLAIN_NAME = /^(?:[\w-]+\/)*[\w-]+(?:\.[\w-]+)+$/

export class PageFiles {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async get(urlPath: string): Promise<PageFile | undefined> {
    const name = urlPath === '/' ? 'index.html' : urlPath.slice(1)
    const type = TYPES[path.extname(name)]
    if (type === undefined || !PLAIN_NAME.test(name)) return undefined
    try {
      const bytes = await readFile(path.join(this.#folder, name))
      return { bytes, type, isImmutable: name.startsWith('assets/') }
    } catch {
      return undefined // no such file, or none that can be read: the same to who asks
    }
  }
}
