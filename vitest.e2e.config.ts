import { defineConfig } from 'vitest/config'

// The stories on real parts: Electron windows, browsers, processes, loopback UDP. One file after the other, because two
// Electrons at once are too much for a small machine.
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    fileParallelism: false,
  },
})
