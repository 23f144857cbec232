// Invokes another instance of the Lambda function that runs this, of the same version.

/** The other instance failed. Its own message isn't kept, because it may contain anything. */
class FunctionFailed extends Error {
  /** @override */
  name = 'FunctionFailed';
}

/** @type {import('@aws-sdk/client-lambda').LambdaClient | undefined} */
let lambda;

/**
 * @param {object} event
 * @returns {Promise<any>} the result of the other instance
 */
export async function invokeThisFunction(event) {
  const { InvokeCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
  lambda ??= new LambdaClient({});
  const { AWS_LAMBDA_FUNCTION_NAME: FunctionName, AWS_LAMBDA_FUNCTION_VERSION: Qualifier } = process.env;
  const invocation = { FunctionName, Qualifier, Payload: JSON.stringify(event) };
  const { FunctionError, Payload } = await lambda.send(new InvokeCommand(invocation));
  if (FunctionError) throw new FunctionFailed();
  return JSON.parse(Payload?.transformToString() ?? '');
}
