// Does the shipped stack, from datagrams up, reach anybody from anywhere? Each node stands behind a NAT box or not, on a
// line of its own; nothing between them is modelled above the datagram.

import { type SimOptions } from '../options.ts'
import { type Experiment, type Outcome, type Plot } from './experiment.ts'
import { histogramPlot } from './histogram-plot.ts'
import {
  arrivedOf,
  dialFigures,
  dropFigures,
  endpointNote,
  measureIdlePackets,
  packetSendFigures,
  packetStateFigures,
  placeNote,
  sendFailureNotes,
} from './packet-figures.ts'
import { PacketLab, packetParameters } from './packet-lab.ts'
import { offerAnswers, type PacketSend, routeOne, sendOne, sendPackets } from './packet-sends.ts'
import { maximum } from './statistics.ts'

const LEAST_SENDS_MS = 5000
/** Sends per node and second: a chat's, at a busy moment. */
const SEND_RATE = 0.5
/** Messages in the chat's way are fewer: each may dial, and so change the network that is measured. */
const MESSAGES_PER_SEND = 0.1

export const packets: Experiment & { parameters(options: SimOptions): string[] } = {
  name: 'packets',
  about: 'the whole stack on datagrams through NAT boxes: delivery, upkeep, bindings, drops',
  parameters: packetParameters,
  run: (lab) => measurePackets(new PacketLab(lab.options, lab.report)),
}

export async function measurePackets(lab: PacketLab): Promise<Outcome> {
  const { world, options } = lab
  await lab.grow()
  const state = packetStateFigures(lab)
  const idle = await measureIdlePackets(lab)
  offerAnswers(lab)
  if (options.kill > 0) await killSome(lab)
  const routed = await sendPackets(lab, routeOne, options.sends, durationMs(lab, options.sends))
  const messages = Math.ceil(MESSAGES_PER_SEND * options.sends)
  const direct = await sendPackets(lab, sendOne, messages, durationMs(lab, messages))
  return {
    figures: {
      ...packetSendFigures(routed, options.sends),
      messagesDelivered: arrivedOf(direct).length / messages,
      messagesBySession: direct.filter(({ how }) => how === 'session').length / messages,
      ...state,
      ...idle,
      ...dialFigures(lab),
      mostBindingsPerBox: maximum(world.town.boxes.map(({ mostBindings }) => mostBindings)),
      ...dropFigures(lab),
      ...lab.checkers.figures,
    },
    plots: [hopsPlot(routed)],
    notes: [
      placeNote(lab),
      endpointNote(lab),
      ...sendFailureNotes('requests', routed),
      ...sendFailureNotes('messages', direct),
      ...lab.checkers.notes,
      `trace of datagrams ${world.trace.words}`,
    ],
  }
}

function durationMs({ world }: PacketLab, sends: number): number {
  return Math.max(LEAST_SENDS_MS, (1000 * sends) / (SEND_RATE * world.alive.length))
}

async function killSome({ world, options }: PacketLab): Promise<void> {
  const left = [...world.alive]
  const count = Math.round(options.kill * left.length)
  const victims = Array.from({ length: count }, () => left.splice(world.random.below(left.length), 1)[0]!)
  await world.kill(victims)
}

function hopsPlot(sends: readonly PacketSend[]): Plot {
  const hops = arrivedOf(sends).map((each) => each.hops)
  return histogramPlot('Hops', hops, { x: 'hops', unit: 'messages' })
}
