import path from 'node:path'

/** The project's folder: from the sources here as from the built program, which is as deep below it. */
export const ROOT = path.join(import.meta.dirname, '..', '..')
