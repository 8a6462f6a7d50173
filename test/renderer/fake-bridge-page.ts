// Served as /bridge.js beside the built window: the page's address says which node it meets (?stage=locked&theme=dark),
// and tests reach the node as window.fakeNode.

import { type Bridge } from '../../preload/contract.ts'
import { FakeNode, type FakeOptions } from './fake-bridge.ts'

const query = new URLSearchParams(location.search)
const node = new FakeNode({
  ...(Object.fromEntries(query) as FakeOptions),
  hasContent: query.get('content') !== 'none',
  network:
    query.get('network') === 'alone'
      ? { kind: 'alone', peers: 0, words: 'Nobody has answered yet, still trying' }
      : { kind: 'online', peers: 5, words: 'Connected to 5 computers' },
})

const page = window as unknown as { banyan: Bridge; fakeNode: FakeNode }
page.banyan = node.bridge
page.fakeNode = node
