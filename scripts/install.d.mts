export function installPackages(root: string, onStart?: (reason: string) => void): Promise<boolean>;
export function whyInstall(root: string): string | undefined;
