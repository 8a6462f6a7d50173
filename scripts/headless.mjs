// `npm run node -- ...`: builds what has changed and runs the node without a window, in this very process.

import { buildIfNeeded } from './build.mjs'

await buildIfNeeded()
await import('../out/main/headless.js')
