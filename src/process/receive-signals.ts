/** Signals that come before there is someone to handle them. */

type OnSignal = (signal: NodeJS.Signals) => void;

export interface ReceivedSignals {
  /** Hands on the signals that came so far, soon but not before this returns, and then each as it comes. */
  deliverTo(onSignal: OnSignal): void;
  close(): void;
}

/** Listens from now on; keeps what comes until there is a receiver. */
export function receiveSignals(listen: (onSignal: OnSignal) => { close(): void }): ReceivedSignals {
  const early: NodeJS.Signals[] = [];
  let deliver: OnSignal = (signal) => void early.push(signal);
  const listening = listen((signal) => deliver(signal));
  return {
    deliverTo: (onSignal) => {
      deliver = onSignal;
      // Not now: what handles them is perhaps still being made.
      queueMicrotask(() => early.forEach((signal) => onSignal(signal)));
    },
    close: () => listening.close(),
  };
}
