import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

/**
 * `completion <shell>` prints the script, which asks the hidden `complete -- <words>`. Called last: it reads the
 * program's other commands.
 */
export function completion(program: Command): void {
  tab(program, { completionCommandName: 'completion' });
}
