// A session's trace as a qlog file (draft-ietf-quic-qlog-main-schema and -quic-events, the version 0.3 that qvis loads),
// in the form JSON-SEQ (RFC 7464), so that it can be written as it happens and is whole wherever it ends.
//
// Banyan's packets are told as QUIC's 1-RTT packets, and frames that QUIC has too by its names; qvis then draws its
// congestion and sequence diagrams from them. A frame of our own keeps our name, which readers pass over.

import { type Frame } from '../wire/packet-frames.ts'
import { type SessionFigures, type SessionTrace, type TracedSession } from './session-trace.ts'

const RECORD_SEPARATOR = '\u001e'

type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json | undefined }

/** `write` gets one record at a time, complete with its separator and line end. */
export function qlogTrace(session: TracedSession, write: (record: string) => void): SessionTrace {
  const { startMs } = session
  const put = (json: Json): void => write(`${RECORD_SEPARATOR}${JSON.stringify(json)}\n`)
  const event = (nowMs: number, name: string, data: Json): void =>
    put({ time: rounded(nowMs - startMs), name, data })
  let told: Record<string, number> = {}
  put(head(session))
  return {
    packetSent: (number, bytes, frames, nowMs) =>
      event(nowMs, 'transport:packet_sent', packet(number, bytes, frames)),
    packetReceived: (number, bytes, frames, nowMs) =>
      event(nowMs, 'transport:packet_received', packet(number, bytes, frames)),
    packetLost: (number, trigger, nowMs) =>
      event(nowMs, 'recovery:packet_lost', { header: header(number), trigger }),
    probeTimeout: (nowMs) =>
      event(nowMs, 'recovery:loss_timer_updated', { timer_type: 'pto', event_type: 'expired' }),
    figures(figures, nowMs) {
      const all = metrics(figures)
      const news = Object.entries(all).filter(([name, value]) => told[name] !== value)
      told = all
      if (news.length > 0) event(nowMs, 'recovery:metrics_updated', Object.fromEntries(news))
    },
    closed: (reason, nowMs) =>
      event(nowMs, 'connectivity:connection_closed', { owner: 'local', internal_code: reason }),
  }
}

function head({ peer, ownConnectionId, isInitiator, startWallMs }: TracedSession): Json {
  return {
    qlog_version: '0.3',
    qlog_format: 'JSON-SEQ',
    title: `Banyan session with ${peer}`,
    trace: {
      vantage_point: { name: 'banyan', type: isInitiator ? 'client' : 'server' },
      configuration: { time_offset: 0 },
      common_fields: {
        group_id: connectionIdText(ownConnectionId),
        protocol_type: ['BANYAN', 'QUIC'],
        time_format: 'relative',
        reference_time: startWallMs,
      },
    },
  }
}

/** As the endpoint's packets carry it. */
export function connectionIdText(id: number): string {
  return id.toString(16).padStart(8, '0')
}

function packet(number: number, bytes: number, frames: readonly Frame[]): Json {
  return { header: header(number), raw: { length: bytes }, frames: frames.map(frameJson) }
}

function header(number: number): Json {
  return { packet_type: '1RTT', packet_number: number }
}

function frameJson(frame: Frame): Json {
  switch (frame.type) {
    case 'ack': {
      const acked_ranges = frame.ranges.map(({ first, last }) => [first, last])
      return { frame_type: 'ack', ack_delay: frame.delayUs / 1000, acked_ranges }
    }
    case 'stream': {
      const { id, offset, isLast, data } = frame
      return { frame_type: 'stream', stream_id: id, offset, length: data.length, fin: isLast }
    }
    case 'max-data':
      return { frame_type: 'max_data', maximum: frame.limitBytes }
    case 'max-stream-data':
      return { frame_type: 'max_stream_data', stream_id: frame.id, maximum: frame.limitBytes }
    case 'close':
      return {
        frame_type: 'connection_close',
        error_space: 'application',
        error_code: frame.code,
        reason: frame.reason,
      }
    default:
      return { frame_type: frame.type.replaceAll('-', '_') }
  }
}

/** The schema's names and units: milliseconds, bytes, bits per second. */
function metrics(figures: SessionFigures): Record<string, number> {
  const { pacingRate } = figures
  return {
    smoothed_rtt: rounded(figures.rttMs),
    rtt_variance: rounded(figures.rttVariationMs),
    min_rtt: rounded(figures.leastRttMs),
    congestion_window: Math.round(figures.windowBytes),
    bytes_in_flight: figures.bytesInFlight,
    ...(pacingRate !== undefined && { pacing_rate: Math.round(pacingRate * 8000) }),
  }
}

/** To microseconds. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
