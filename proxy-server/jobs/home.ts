/** Home directory in the catalog of a user. Pure. @param homes `{user}` and `{initial}` in it */
export function homeOf(homes: string, user: string): string {
  return homes.replaceAll('{user}', user).replaceAll('{initial}', user.slice(0, 1));
}
