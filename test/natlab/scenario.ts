// Something goes wrong in the middle of a conversation: what a scenario is, and how one is run and told of.

import { loadavg } from 'node:os'
import { inLab } from './lab.ts'
import { ScenarioStage } from './scenario-stage.ts'

/** A conversation goes on by itself within so long of the next message. */
export const GOAL_MS = 3_000

export interface Measured {
  /** What it is that took so long. */
  readonly what: string
  /** Until it had arrived; null where it did not. */
  readonly tookMs: number | null
  /** Undefined where there is none: it is printed only. */
  readonly goalMs: number | undefined
  /** The path afterwards, or what else there is to say. */
  readonly note: string
}

export interface Scenario {
  readonly name: string
  /** Throws where the conversation that the fault is to meet does not come about. */
  readonly run: (stage: ScenarioStage) => Promise<Measured[]>
}

export interface Told {
  readonly name: string
  readonly measured: readonly Measured[]
  /** Messages that never arrived, of the whole conversation. */
  readonly lost: number
  /** What kept it from being measured, in words. */
  readonly failure: string | undefined
  /** Of the computer when it began: times mean little where it is above the number of cores. */
  readonly load: number
}

export function runScenario({ name, run }: Scenario): Promise<Told> {
  const load = loadavg()[0]!
  return inLab(async (lab) => {
    try {
      const stage = await ScenarioStage.build(lab)
      const measured = await run(stage)
      return { name, measured, lost: await stage.countLost(), failure: undefined, load }
    } catch (error) {
      return { name, measured: [], lost: 0, failure: (error as Error).message, load }
    }
  })
}

export function isWithinGoal({ tookMs, goalMs }: Measured): boolean {
  return goalMs === undefined || (tookMs !== null && tookMs <= goalMs)
}

export function scenariosTable(told: readonly Told[]): string {
  const lines = told.flatMap(linesOf)
  const all = [['scenario', 'what', 'took', 'goal', 'lost', 'load', 'afterwards'], ...lines]
  const widths = all[0]!.map((_, column) => Math.max(...all.map((line) => line[column]!.length)))
  return all
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function linesOf({ name, measured, lost, failure, load }: Told): string[][] {
  if (failure !== undefined) return [[name, '', 'failed', '', '', load.toFixed(1), failure.split('\n')[0]!]]
  return measured.map((each) => {
    const took = each.tookMs === null ? 'never' : `${each.tookMs} ms`
    const goal = each.goalMs === undefined ? '' : `${each.goalMs} ms${isWithinGoal(each) ? '' : ' MISSED'}`
    return [name, each.what, took, goal, String(lost), load.toFixed(1), each.note]
  })
}
