import { type Experiment } from './experiment.ts'
import {
  linksPlot,
  measureIdle,
  stateFigures,
  trafficPlot,
  upkeepFigures,
  upkeepNotes,
} from './network-state.ts'

const IDLE_MS = 300_000

/** What a quiet network costs. */
export const maintenance: Experiment = {
  name: 'maintenance',
  about: 'packets and bytes per node and second while nobody sends, by message type',
  async run(lab) {
    await lab.grow()
    const idle = await measureIdle(lab, IDLE_MS)
    const nodeSeconds = (lab.world.alive.length * IDLE_MS) / 1000
    const perType = idle.byType.map(
      ({ type, packets, bytes }) =>
        `  ${type.padEnd(16)}${(packets / nodeSeconds).toFixed(3).padStart(8)} packets/s ${(bytes / nodeSeconds).toFixed(1).padStart(9)} B/s`,
    )
    return {
      figures: { ...upkeepFigures(idle), ...stateFigures(lab), ...lab.checkers.figures },
      plots: [
        {
          kind: 'bars',
          title: 'Upkeep per node',
          unit: 'B/s',
          bars: idle.byType
            .slice(0, 12)
            .map(({ type, bytes }) => ({ label: type, value: bytes / nodeSeconds })),
        },
        linksPlot(lab),
        trafficPlot(lab),
      ],
      notes: ['per node, over five quiet minutes:', ...perType, ...upkeepNotes(idle), ...lab.checkers.notes],
    }
  },
}
