// The two IPC channels between the window and the main process: calls with their replies, and events.
export const CALL_CHANNEL = 'banyan:call'
export const EVENT_CHANNEL = 'banyan:event'
