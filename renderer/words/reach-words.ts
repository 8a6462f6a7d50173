// Who reaches this computer, in words: what it means, what to do next, and on request what it rests on.

import { type FamilyReach, type ReachFindings } from '../../preload/contract.ts'
import { durationWords } from './times.ts'

export interface ReachWords {
  meaning: string
  next: string
}

const PORT_MAPPING = 'switch on UPnP or NAT-PMP (“port mapping”) in your router'

const WORDS: Record<FamilyReach['kind'], ReachWords> = {
  public: {
    meaning: 'Anyone can reach your computer directly.',
    next: 'There is nothing to do.',
  },
  open: {
    meaning: 'Your router lets anyone reach your computer.',
    next: 'There is nothing to do.',
  },
  punchable: {
    meaning:
      'Your router lets in only those whom your computer calls at the same moment. Most people reach you directly that way.',
    next: `There is nothing you must do. So that all can: ${PORT_MAPPING}.`,
  },
  'hard-sequential': {
    meaning:
      'Your router changes the port for every peer, but in steps that can be foretold. Many reach you directly, others through volunteers.',
    next: `For more direct connections, ${PORT_MAPPING}.`,
  },
  hard: {
    meaning: 'Your router changes the port for every peer; others reach you through volunteers.',
    next: `For direct connections, ${PORT_MAPPING}, or ask your provider for IPv6.`,
  },
  blocked: {
    meaning: 'Nothing that your computer sends is answered: it is offline, or its network blocks UDP.',
    next: 'Check the connection. In an office or a hotel, try another network, or ask for UDP to be let through.',
  },
  unknown: {
    meaning: 'Not known yet. It takes two connected computers on the Internet to find out.',
    next: 'There is nothing to do: it is found out as soon as they are there.',
  },
}

export function reachWords({ kind }: Pick<FamilyReach, 'kind'>): ReachWords {
  return WORDS[kind]
}

const DEPENDENCE = {
  'endpoint-independent': 'the same for everybody',
  'address-dependent': 'another for every computer',
  'address-and-port-dependent': 'another for every computer and port',
}

const FILTERING = {
  'endpoint-independent': 'anybody',
  'address-dependent': 'computers that were sent something',
  'address-and-port-dependent': 'exactly the ports that were sent something',
  unknown: 'not known: nobody could be asked to try',
}

/** What the findings rest on, a line each: a name in the terms of RFC 5780, and what was seen. */
export function reachEvidence(findings: ReachFindings): { term: string; words: string }[] {
  const { isTranslated, mapping, filtering, sightings, otherPort, ageMs } = findings
  const own = isTranslated ? 'an address of the router' : 'an address of this computer'
  const lines = [
    { term: 'Seen at', words: `${findings.outside}, ${own}` },
    { term: 'Mapping', words: `${mapping}: the outside port is ${DEPENDENCE[mapping]}` },
    { term: 'Filtering', words: `${filtering}: lets in ${FILTERING[filtering]}` },
    { term: 'Port assignment', words: portWords(findings) },
    ...sightings.map(({ observer, address }) => ({ term: `Asked ${observer}`, words: `sees ${address}` })),
  ]
  if (otherPort) lines.push({ term: 'Its other port', words: `sees ${otherPort}` })
  lines.push({ term: 'Knocks by strangers', words: tallyWords(findings.strangers) })
  if (findings.isCalledByStrangers)
    lines.push({ term: 'Calls by strangers', words: 'somebody to whom nothing was sent has called' })
  if (findings.otherPorts.asked > 0)
    lines.push({ term: 'Knocks from other ports', words: tallyWords(findings.otherPorts) })
  return [...lines, { term: 'Measured', words: `${durationWords(ageMs)} ago` }]
}

function portWords({ ports, portStep, freshPorts, isTranslated }: ReachFindings): string {
  if (!isTranslated) return 'no translation'
  const seen = freshPorts.length > 0 ? ` (${freshPorts.join(', ')})` : ''
  if (ports === 'sequential') return `sequential, in steps of ${portStep}${seen}`
  return ports + seen
}

function tallyWords({ asked, arrived }: { asked: number; arrived: number }): string {
  if (asked === 0) return 'nobody could be asked'
  return `${asked} sent, ${arrived > 0 ? arrived : 'none'} arrived`
}
