// What one ack tells a congestion control law. There is one per session, filled anew for each ack.

export class AckSample {
  nowMs = 0
  /** Acknowledged by this ack for the first time. */
  ackedBytes = 0
  /** Still under way, without what was acknowledged or called lost. */
  bytesInFlight = 0
  /** From the newest packet of the ack; undefined where the ack is no measurement. */
  rttMs: number | undefined = undefined
  smoothedRttMs = 0
  /** When the newest packet of the ack was sent. */
  newestSentMs = 0
  /** The sender had more to send than window and pacing let go (RFC 9002 §7.8). */
  isLimiting = false
  /** Before this ack the window alone held the sender back. */
  isWindowFull = false
  /** Acknowledged in all since the session began. */
  deliveredBytes = 0

  // Of the newest packet of the ack (delivery-rate.ts):

  /** `deliveredBytes` when it left: what a round trip is counted by. */
  priorDeliveredBytes = 0
  /** Delivered between its sending and now. */
  intervalBytes = 0
  /** Bytes per millisecond over that interval; 0 where the interval says nothing. */
  deliveryRate = 0
  /** The application had nothing to send at some time in that interval: the rate is a lower bound of the path's. */
  isAppLimited = false
  /** In flight when it left, and lost since. */
  inFlightBytes = 0
  lostSinceBytes = 0
}
