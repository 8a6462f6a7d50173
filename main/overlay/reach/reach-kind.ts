import { type ReachFindings, type ReachKind } from '../api.ts'

/** What the findings come to for the person in front of the window. */
export function reachKind(findings: ReachFindings | undefined, isUnanswered: boolean): ReachKind {
  if (!findings) return isUnanswered ? 'blocked' : 'unknown'
  const { isPublic, mapping, filtering, portAssignment } = findings
  if (isPublic) return 'public'
  if (mapping === 'endpoint-independent') return filtering === 'endpoint-independent' ? 'open' : 'punchable'
  return portAssignment.kind === 'sequential' ? 'hard-sequential' : 'hard'
}
