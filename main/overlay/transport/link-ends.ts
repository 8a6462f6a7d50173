// What `down` is told of a link (links.ts), where it says something of the node behind it.

/** The peer stopped answering. */
export const SILENT = 'silent'
/** The peer ends its work. Closed with it, a link says so of this node, and `down` is told the same at the peer. */
export const LEFT = 'left'
