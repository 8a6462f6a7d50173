// Reach at several sizes: do hops and state grow as the logarithm of the network?

import { sized } from '../options.ts'
import { type Experiment, type Figures, type Plot } from './experiment.ts'
import { Lab, modelParameters, sizeParameters } from './lab.ts'
import { measureReach } from './reach.ts'
import { fitLine } from './statistics.ts'

const FITTED = ['meanHops', 'linksPerNode', 'recordsPerNodeMean', 'bytesPerNode'] as const

export const scale: Experiment = {
  name: 'scale',
  about: 'reach at each of --sizes, with least-squares fits of hops and state against log N',
  parameters(options) {
    return [
      `experiment scale, ${options.sizes.join(', ')} nodes, seed ${options.seed}, kill ${100 * options.kill} %`,
      ...options.sizes.flatMap((nodes) => [`with ${nodes} nodes:`, ...sizeParameters(sized(options, nodes))]),
      ...modelParameters(options),
    ]
  },
  async run(lab) {
    const measured: { nodes: number; figures: Figures }[] = []
    const notes: string[] = []
    for (const nodes of lab.options.sizes) {
      const each = new Lab({ ...sized(lab.options, nodes), report: undefined }, lab.report)
      await each.grow()
      const { figures } = await measureReach(each)
      measured.push({ nodes, figures })
      notes.push(
        `${nodes} nodes: ${FITTED.map((name) => `${name} ${figures[name]!.toFixed(2)}`).join(', ')}, delivered ${(100 * figures.delivered!).toFixed(2)} %, greedy ${(100 * figures.greedyDelivered!).toFixed(2)} %, trace ${each.world.network.traffic.traceHash}`,
      )
    }
    const figures: Figures = { ...measured.at(-1)!.figures, nodes: measured.at(-1)!.nodes }
    const plots: Plot[] = []
    for (const name of FITTED) {
      const points = measured.map(({ nodes, figures: each }) => ({ x: nodes, y: each[name]! }))
      const fit = fitLine(points.map(({ x, y }) => ({ x: Math.log10(x), y })))
      figures[`${name}PerDecade`] = fit.slope
      figures[`${name}FitR2`] = fit.r2
      const power = fitLine(points.map(({ x, y }) => ({ x: Math.log10(x), y: Math.log10(y) })))
      notes.push(
        `${name} = ${fit.intercept.toFixed(2)} + ${fit.slope.toFixed(2)} x log10 N (r2 ${fit.r2.toFixed(3)}); as a power, N^${power.slope.toFixed(3)} (r2 ${power.r2.toFixed(3)})`,
      )
      const fitted = points.map(({ x }) => ({ x, y: fit.intercept + fit.slope * Math.log10(x) }))
      plots.push({
        kind: 'lines',
        title: `${name} against log N`,
        x: 'nodes',
        y: name,
        isLogX: true,
        lines: [
          { label: 'measured', points },
          { label: 'fit', points: fitted },
        ],
      })
    }
    return { figures, plots, notes }
  },
}
