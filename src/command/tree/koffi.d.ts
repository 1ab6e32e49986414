/** The part that is used of koffi's platform packages, which are its native module alone: https://koffi.dev/functions. */
interface Koffi {
  /** Opens a library; null: what is loaded already, the C library among it. */
  load(library: null): { func(prototype: string): (...values: unknown[]) => number };
}
declare module '@koromix/koffi-linux-x64' {
  const koffi: Koffi;
  export default koffi;
}
declare module '@koromix/koffi-linux-arm64' {
  const koffi: Koffi;
  export default koffi;
}
