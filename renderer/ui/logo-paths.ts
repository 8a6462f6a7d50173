// The tree on a grid of 64: a wide crown, the oldest trunk in the middle, and on both sides roots that came down from the
// branches, reached the ground and became trunks themselves. All are filled shapes.

export const CROWN =
  'M8 35a8 8 0 0 1-2-15.5A11.5 11.5 0 0 1 18.5 12a16.5 16.5 0 0 1 27 0A11.5 11.5 0 0 1 58 19.5 8 8 0 0 1 56 35c-4 1.5-7.5.5-10-1.5-3 2-7 2-9.5 0-2.5 1.5-6.5 1.5-9 0-2.5 2-6.5 2-9.5 0-2.5 2-6 3-10 1.5Z'

export const TRUNKS =
  'M28.5 30c.7 12-.5 21-6 27h19c-5.5-6-6.7-15-6-27ZM16.8 32c.4 10 0 18-2.8 25h8c-2.3-7-2.6-15-2.2-25ZM44.2 32c.4 10 .1 18-2.2 25h8c-2.8-7-3.2-15-2.8-25ZM8 33c.3 9 0 17-1.7 24h5c-1.3-7-1.5-15-1.3-24ZM54 33c.2 9 0 17-1.3 24h5c-1.7-7-2-15-1.7-24Z'
