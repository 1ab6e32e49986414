import { homedir } from 'node:os';

/** A user without a home, as containers with a number for a user have them, finds nothing there. */
export function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}
