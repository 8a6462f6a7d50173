// Whether a lab can be built here, tried rather than guessed: a namespace, a cable, a rule that translates. Containers differ
// in what they allow, and a reason in words is what one needs then.

import { Lab } from './lab.ts'
import { runTool } from './namespace.ts'

const TOOLS = [
  { command: 'ip', args: ['-Version'], package: 'iproute2' },
  { command: 'nft', args: ['--version'], package: 'nftables' },
  { command: 'conntrack', args: ['--version'], package: 'conntrack' },
  { command: 'sysctl', args: ['--version'], package: 'procps' },
]

const TRIAL_RULES = `table ip lab {
  chain outgoing {
    type nat hook postrouting priority srcnat
    oifname "wan" masquerade fully-random
  }
}`

/** The reason in words; undefined where a lab can be built. */
export function whyNoLab(): string | undefined {
  if (process.platform !== 'linux') return `network namespaces are Linux's, and this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'only root may make network namespaces'
  for (const { command, args, package: debian } of TOOLS)
    if (problemOf(() => runTool(command, args))) return `${command} is missing (Debian: ${debian})`
  return problemOf(tryOut)
}

function tryOut(): void {
  const lab = new Lab()
  try {
    const [one, other] = [lab.namespace('one'), lab.namespace('other')]
    lab.connect({ at: one, interface: 'wan' }, { at: other, interface: 'wan' })
    one.nft(TRIAL_RULES)
    one.run('conntrack', '-F')
  } finally {
    lab.remove()
  }
}

function problemOf(work: () => void): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as Error).message.split('\n')[0]
  }
}
