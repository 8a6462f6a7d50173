import { createContext } from 'svelte'
import { type AppModel } from './app-model.svelte.ts'

/** How a component reaches the model without every parent handing it down. */
export const [useApp, provideApp] = createContext<AppModel>()
